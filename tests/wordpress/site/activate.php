<?php
// Activates the plugin (on a network: for all its sites, and makes the second one) and sets what up.sh was told.
$_SERVER += ['HTTP_HOST' => preg_replace('#^.*://#', '', getenv('WP_ORIGIN')), 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'SERVER_NAME' => 'localhost'];
require getenv('WP_ROOT') . '/www/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
add_filter('pre_wp_mail', '__return_true');
$problem = activate_plugin('membergate/membergate.php', '', is_multisite());
if (is_wp_error($problem)) {
	fwrite(STDERR, $problem->get_error_message() . "\n");
	exit(1);
}
$settings = ['site' => getenv('WP_SITE')];
if (getenv('WP_JWKS_URL')) {
	$settings['jwks_url'] = getenv('WP_JWKS_URL');
}
update_option('membergate_settings', $settings);
if (is_multisite()) {
	$host = preg_replace('#^.*://#', '', getenv('WP_ORIGIN'));
	wpmu_create_blog($host, '/two/', 'Second site', 1);
}
flush_rewrite_rules();
echo 'wordpress=', $GLOBALS['wp_version'], ' php=', PHP_VERSION, "\n";
