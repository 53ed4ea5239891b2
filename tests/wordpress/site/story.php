<?php
// For the story with the whole gateway: the roles of its mapping, and a page whose heart only members see. As www-data, with WP_ROOT set.
$_SERVER += ['HTTP_HOST' => 'localhost', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
require getenv('WP_ROOT') . '/www/wp-load.php';
add_role('member', 'Member', ['read' => true]);
add_role('education_chair', 'Chair of the education committee', ['read' => true]);
$made = wp_insert_post([
	'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Harbour minutes', 'post_name' => 'minutes',
	'post_content' => 'Everybody reads this. [membergate roles="member"]The secret of the harbour is the tide.[/membergate]',
], true);
echo is_wp_error($made) ? $made->get_error_message() : "made $made", "\n";
